// glossa-native: tests, benches and checks without Node.
#include <cstdio>
#include <sstream>

#include "tool/command.h"

namespace glossa::tool {
namespace {

Command* first_command = nullptr;

// The number of words of `name` if `words` begins with them, else 0.
size_t matched_words(const char* name, const Args& words) {
  std::istringstream in(name);
  std::string word;
  size_t n = 0;
  while (in >> word) {
    if (n >= words.size() || words[n] != word) return 0;
    ++n;
  }
  return n;
}

int usage() {
  std::fprintf(stderr, "usage: glossa-native <command> [arguments]\n");
  for (Command* c = first_command; c; c = c->next) std::fprintf(stderr, "  %-16s %s\n", c->name, c->help);
  return 2;
}

}  // namespace

Command::Command(const char* name, const char* help, int (*run)(const Args&)) : name(name), help(help), run(run) {
  Command** at = &first_command;
  while (*at && std::string((*at)->name) < name) at = &(*at)->next;
  next = *at;
  *at = this;
}

}  // namespace glossa::tool

int main(int argc, char** argv) {
  using namespace glossa::tool;
  Args words(argv + 1, argv + argc);
  Command* best = nullptr;
  size_t best_words = 0;
  for (Command* c = first_command; c; c = c->next) {
    size_t n = matched_words(c->name, words);
    if (n > best_words) best = c, best_words = n;
  }
  if (!best) return usage();
  return best->run(Args(words.begin() + static_cast<Args::difference_type>(best_words), words.end()));
}
