// The one place that includes <napi.h>, so that every file of the addon sees the same settings.
#pragma once

// Node-API 9 is what Node 20.19 and later have. CPP_EXCEPTIONS_ALL turns every C++ exception that leaves a callback
// into a JavaScript one; with the plain setting anything that is not a Napi::Error aborts Node.
#ifndef NAPI_VERSION
#define NAPI_VERSION 9
#endif
#define NODE_ADDON_API_CPP_EXCEPTIONS_ALL
// A worker that is being terminated cannot be thrown into; without this such a throw aborts the process.
#define NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS
#include <napi.h>
