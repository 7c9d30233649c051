"""C# expressions of policies: compiled when policies are loaded, run for every call.

`compile_expression` types an expression as the C# compiler does and refuses, with file and line, everything that it
does not run exactly; `Expression` gives a value for a context, or raises ExpressionFailed as .NET would throw.
"""

from local.apim.csharp.expressions import Expression, compile_expression
from local.apim.csharp.values import boxed_int, boxed_long

__all__ = ["Expression", "boxed_int", "boxed_long", "compile_expression"]
