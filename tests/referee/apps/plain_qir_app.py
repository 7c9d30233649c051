"""QIR as text and as bitcode, submitted as it is; nothing here knows of the local cloud."""

import json
import os

import pyqir
from azure.quantum import Workspace

FORMATS = {"input_data_format": "qir.v1", "output_data_format": "microsoft.quantum-results.v2"}
QIR = """
%Qubit = type opaque
%Result = type opaque
define void @main() #0 {
  call void @__quantum__qis__x__body(%Qubit* null)
  call void @__quantum__qis__h__body(%Qubit* inttoptr (i64 1 to %Qubit*))
  call void @__quantum__qis__cnot__body(%Qubit* inttoptr (i64 1 to %Qubit*), %Qubit* inttoptr (i64 2 to %Qubit*))
  call void @__quantum__qis__mz__body(%Qubit* null, %Result* null)
  call void @__quantum__qis__mz__body(%Qubit* inttoptr (i64 1 to %Qubit*), %Result* inttoptr (i64 1 to %Result*))
  call void @__quantum__qis__mz__body(%Qubit* inttoptr (i64 2 to %Qubit*), %Result* inttoptr (i64 2 to %Result*))
  call void @__quantum__rt__array_record_output(i64 3, i8* null)
  call void @__quantum__rt__result_record_output(%Result* null, i8* null)
  call void @__quantum__rt__result_record_output(%Result* inttoptr (i64 1 to %Result*), i8* null)
  call void @__quantum__rt__result_record_output(%Result* inttoptr (i64 2 to %Result*), i8* null)
  ret void
}
declare void @__quantum__qis__x__body(%Qubit*)
declare void @__quantum__qis__h__body(%Qubit*)
declare void @__quantum__qis__cnot__body(%Qubit*, %Qubit*)
declare void @__quantum__qis__mz__body(%Qubit*, %Result*)
declare void @__quantum__rt__array_record_output(i64, i8*)
declare void @__quantum__rt__result_record_output(%Result*, i8*)
attributes #0 = { "entry_point" "qir_profiles"="base_profile" "required_num_qubits"="3" "required_num_results"="3" }
"""

workspace = Workspace.from_connection_string(os.environ["AZURE_QUANTUM_CONNECTION_STRING"])
bitcode = pyqir.Module.from_ir(pyqir.Context(), QIR).bitcode
counts = {}
for name in ("ionq.simulator", "rigetti.sim.qvm"):
    target = workspace.get_targets(name)
    for form, program in (("text", QIR), ("bitcode", bitcode)):
        job = target.submit(program, name=form, shots=400, input_params={"entryPoint": "main"}, **FORMATS)
        histogram = job.get_results_histogram()
        counts[f"{name} {form}"] = {display: entry["count"] for display, entry in histogram.items()}
print(json.dumps(counts))
