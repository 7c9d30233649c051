// Loaded into Node before Azurite (--require): puts off two large packages that a local storage never uses, telemetry
// and the SQL store, until something asks for them. They are more than a third of its time to start.
"use strict";

const Module = require("node:module");

const later = new Set(["applicationinsights", "./SqlBlobServer"]);
const load = Module._load;

Module._load = function (request, parent, isMain) {
  if (!later.has(request)) {
    return load.call(this, request, parent, isMain);
  }
  let loaded;
  const member = (_, name) => {
    // Asked by the importing code itself before any use.
    if (name === "__esModule" && loaded === undefined) {
      return true;
    }
    loaded ??= load.call(this, request, parent, isMain);
    return loaded[name];
  };
  return new Proxy({}, { get: member });
};
