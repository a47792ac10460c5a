// A bench beside an earlier run of it, figure by figure: like with like alone.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "tool/command.h"

namespace glossa::tool {

// Of a figure of this run. Rates: above 1 is faster; none where the earlier run has no such figure.
struct Comparison {
  std::string name;
  std::optional<double> ratio;
};
// `now`: the JSON of this run; `path`: a file whose last line that holds anything is that of an earlier one. Codes:
// those of reading the file; JSON_INVALID, also where it is no bench's result; BENCH_DIFFERS where model, type, device,
// threads or sizes are others, or no figure is in both.
Result<std::vector<Comparison>> compare_with(const std::string& now, const std::string& path);

// Whether the file of `--compare`, where it is given, holds a bench's result: to be asked before the bench runs.
Status check_earlier(const Args&);
// Prints `result` as the last line, and above it the comparison where the arguments ask for one with `--compare FILE`.
// The exit code: 0; 1 where a figure is more than 5 % slower and `--allow` is not among the arguments; 2 where there is
// nothing to compare with.
int conclude(const Args&, const std::string& result);

}  // namespace glossa::tool
