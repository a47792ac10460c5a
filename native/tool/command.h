// A subcommand of glossa-native registers itself:
//
//   COMMAND("bench linear", "matrix products beside the measured peak") { return run(args); }
//
// The body gets `args` (what follows the command's words) and returns the exit code: 0 well, 1 failed, 2 misused.
#pragma once
#include <string>
#include <vector>

namespace glossa::tool {

using Args = std::vector<std::string>;

struct Command {
  Command(const char* name, const char* help, int (*run)(const Args&));
  const char* name;
  const char* help;
  int (*run)(const Args&);
  Command* next = nullptr;
};

inline bool has_flag(const Args& args, const char* flag) {
  for (const std::string& a : args)
    if (a == flag) return true;
  return false;
}

}  // namespace glossa::tool

#define GLOSSA_COMMAND_JOIN2(a, b) a##b
#define GLOSSA_COMMAND_JOIN(a, b) GLOSSA_COMMAND_JOIN2(a, b)
#define GLOSSA_COMMAND(name, help, id)                                                                           \
  static int GLOSSA_COMMAND_JOIN(glossa_run_, id)(const ::glossa::tool::Args& args);                             \
  static ::glossa::tool::Command GLOSSA_COMMAND_JOIN(glossa_command_, id)(name, help,                            \
                                                                          GLOSSA_COMMAND_JOIN(glossa_run_, id)); \
  static int GLOSSA_COMMAND_JOIN(glossa_run_, id)([[maybe_unused]] const ::glossa::tool::Args& args)
#define COMMAND(name, help) GLOSSA_COMMAND(name, help, __COUNTER__)
