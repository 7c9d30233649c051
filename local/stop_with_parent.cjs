// Loaded into Node before Azurite (--require): ends the process when the supervisor that holds its stdin is gone,
// however that went.
"use strict";

process.stdin.on("error", stop);
process.stdin.on("end", stop);
process.stdin.resume();

function stop() {
  if (process.argv.includes("--inMemoryPersistence")) {
    process.exit(0);
  }
  // Azurite writes its tables and queues to disk when it is asked to stop; the limit is for one that hangs.
  setTimeout(() => process.exit(1), 5000).unref();
  process.kill(process.pid, "SIGTERM");
}
