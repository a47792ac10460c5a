// A subcommand of glossa-native registers itself, with its usage (tool/arguments.h) and a sentence on what it is for:
//
//   COMMAND("bench linear", "[--isa name] [--json]", "matrix products beside the measured peak") { return run(args); }
//
// The body gets `args` (what follows the command's words) and returns the exit code: 0 well, 1 failed, 2 misused.
#pragma once
#include "tool/arguments.h"

namespace glossa::tool {

struct Command {
  Command(const char* name, const char* usage, const char* about, int (*run)(const Args&));
  const char* name;
  const char* usage;
  const char* about;
  int (*run)(const Args&);
  Command* next = nullptr;
};

const Command* commands();  // the first of all, by name

}  // namespace glossa::tool

#define GLOSSA_COMMAND_JOIN2(a, b) a##b
#define GLOSSA_COMMAND_JOIN(a, b) GLOSSA_COMMAND_JOIN2(a, b)
#define GLOSSA_COMMAND(name, usage, about, id)                                                                   \
  static int GLOSSA_COMMAND_JOIN(glossa_run_, id)(const ::glossa::tool::Args& args);                             \
  static ::glossa::tool::Command GLOSSA_COMMAND_JOIN(glossa_command_, id)(name, usage, about,                    \
                                                                          GLOSSA_COMMAND_JOIN(glossa_run_, id)); \
  static int GLOSSA_COMMAND_JOIN(glossa_run_, id)([[maybe_unused]] const ::glossa::tool::Args& args)
#define COMMAND(name, usage, about) GLOSSA_COMMAND(name, usage, about, __COUNTER__)
