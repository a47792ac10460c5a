// glossa-native: tests, benches and checks without Node.
#include <algorithm>
#include <cstdio>
#include <sstream>

#include "tool/command.h"

namespace glossa::tool {
namespace {

using Words = std::vector<std::string>;

Command* first_command = nullptr;

// The number of words of `name` if `words` begins with them, else 0.
size_t matched_words(const char* name, const Words& words) {
  std::istringstream in(name);
  std::string word;
  size_t n = 0;
  while (in >> word) {
    if (n >= words.size() || words[n] != word) return 0;
    ++n;
  }
  return n;
}

bool asks_for_help(const Words& words) {
  return std::any_of(words.begin(), words.end(), [](const std::string& w) { return w == "--help" || w == "-h"; });
}

void print_help(std::FILE* out, const Command& c) {
  std::fprintf(out, "usage: glossa-native %s %s\n  %s\n", c.name, c.usage, c.about);
}

// What a list says of a command: the first clause.
std::string beginning(const std::string& about) {
  return about.substr(0, about.find(';'));
}

// All commands, or those that begin with the word given, as `bench`.
int list(const Words& words) {
  const bool asked = asks_for_help(words);
  std::FILE* const out = asked ? stdout : stderr;
  const auto is_of_group = [&](const Command* c) {
    return !words.empty() && std::string(c->name).rfind(words[0] + " ", 0) == 0;
  };
  bool group = false;
  for (const Command* c = first_command; c; c = c->next) group = group || is_of_group(c);
  const size_t unknown = group ? 1 : 0;
  if (!asked && words.size() > unknown) std::fprintf(out, "%s: unknown command\n", words[unknown].c_str());
  std::fprintf(out, "usage: glossa-native COMMAND [arguments]; COMMAND --help says which\n");
  for (const Command* c = first_command; c; c = c->next)
    if (!group || is_of_group(c)) std::fprintf(out, "  %-16s %s\n", c->name, beginning(c->about).c_str());
  return asked ? 0 : 2;
}

}  // namespace

Command::Command(const char* name, const char* usage, const char* about, int (*run)(const Args&))
    : name(name), usage(usage), about(about), run(run) {
  Command** at = &first_command;
  while (*at && std::string((*at)->name) < name) at = &(*at)->next;
  next = *at;
  *at = this;
}

const Command* commands() {
  return first_command;
}

}  // namespace glossa::tool

int main(int argc, char** argv) {
  using namespace glossa;
  using namespace glossa::tool;
  const std::vector<std::string> words(argv + 1, argv + argc);
  const Command* best = nullptr;
  size_t best_words = 0;
  for (const Command* c = commands(); c; c = c->next) {
    const size_t n = matched_words(c->name, words);
    if (n > best_words) best = c, best_words = n;
  }
  if (!best) return list(words);
  if (asks_for_help(words)) {
    print_help(stdout, *best);
    return 0;
  }
  const Result<Args> args = Args::parse(
      best->usage, {words.begin() + static_cast<std::vector<std::string>::difference_type>(best_words), words.end()});
  if (!args.ok()) {
    std::fprintf(stderr, "%s: %s\n", args.status().code().c_str(), args.status().message().c_str());
    print_help(stderr, *best);
    return 2;
  }
  return best->run(args.value());
}
