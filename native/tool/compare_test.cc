#include "tool/compare.h"

#include "engine/test_folder.h"
#include "tool/test.h"

using namespace glossa;
using namespace glossa::test;
using namespace glossa::tool;

namespace {

const char* const kNow =
    R"({"bench":"engine","results":[{"what":"decode","tokens_per_s":90},{"what":"train","tokens_per_s":200},)"
    R"({"what":"step","tokens_per_s":7}]})";

Args arguments(const std::vector<std::string>& words) {
  return Args::parse("[--compare FILE] [--allow]", words).take();
}

// A result of `bench engine`, with fields of the run and of its one figure.
std::string engine(const std::string& run, const std::string& figure) {
  return R"({"bench":"engine",)" + run + R"(,"results":[{"what":"train",)" + figure + R"(,"tokens_per_s":10}]})";
}

}  // namespace

TEST("bench: a result is put beside an earlier one, figure by figure, and what is slower fails") {
  const Folder folder("compare");
  const std::string path = folder / "earlier.json";
  put_bytes(path,
            "what was printed before\n"
            R"({"bench":"engine","results":[{"what":"train","tokens_per_s":100},{"what":"decode","tokens_per_s":)"
            "100}]}\n\n");
  const std::vector<Comparison> compared = compare_with(kNow, path).take();
  CHECK_EQ(compared.size(), 3u);
  CHECK_EQ(compared[0].name, std::string("decode"));
  CHECK_NEAR(compared[0].ratio.value(), 0.9, 1e-12);
  CHECK_NEAR(compared[1].ratio.value(), 2, 1e-12);
  CHECK_EQ(compared[2].name, std::string("step"));
  CHECK(!compared[2].ratio);
  CHECK_EQ(conclude(arguments({}), kNow), 0);
  CHECK_EQ(conclude(arguments({"--compare", path}), kNow), 1);
  CHECK_EQ(conclude(arguments({"--compare", path, "--allow"}), kNow), 0);
  // Of kernels the time is told: twice as long is half the rate.
  put_bytes(path, R"({"bench":"kernels","results":[{"name":"rmsnorm","us":5}]})");
  const std::string kernels = R"({"bench":"kernels","results":[{"name":"rmsnorm","us":10}]})";
  CHECK_NEAR(compare_with(kernels, path).take()[0].ratio.value(), 0.5, 1e-12);
  CHECK_EQ(conclude(arguments({"--compare", path}), kernels), 1);
}

TEST("bench: what is of another model, type, device or size is not compared") {
  const Folder folder("compare");
  const std::string path = folder / "earlier.json";
  const std::string run = R"("model":"a","device":"cuda","card":"H200","dtype":"bf16","threads":2,"small":false)";
  const std::string size = R"("completions":64,"prompt":256,"new_tokens":512)";
  const std::string now = engine(run, size);
  put_bytes(path, engine(run + R"(,"looks":1)", size));
  CHECK_EQ(compare_with(now, path).take().size(), 1u);
  const auto replaced = [](std::string text, const std::string& from, const std::string& to) {
    return text.replace(text.find(from), from.size(), to);
  };
  const struct {
    const char *from, *to, *told;
  } others[] = {{R"("a")", R"("b")", "model is b there and a in this run"},
                {"bf16", "f32", "dtype is f32 there"},
                {"cuda", "cpu", "device is cpu"},
                {"H200", "H100", "card is H100"},
                {R"("threads":2)", R"("threads":4)", "threads is 4"},
                {"false", "true", "small is true"},
                {R"("model":"a",)", "", "model is not told there"},
                {"512", "128", "train: new_tokens is 128"},
                {"64", "8", "train: completions is 8"},
                {R"("prompt":256)", R"("prompt":32)", "train: prompt is 32"}};
  for (const auto& other : others) {
    put_bytes(path, replaced(now, other.from, other.to));
    const Result<std::vector<Comparison>> compared = compare_with(now, path);
    CHECK(!compared.ok());
    if (compared.ok()) continue;
    CHECK_EQ(compared.status().code(), std::string("BENCH_DIFFERS"));
    CHECK(compared.status().message().find(other.told) != std::string::npos);
    CHECK_EQ(conclude(arguments({"--compare", path, "--allow"}), now), 2);
  }
}

TEST("bench: an earlier result that is not there, no JSON, or of something else is refused") {
  const Folder folder("compare");
  const std::string path = folder / "earlier.json";
  const auto refused = [&](const char* code) {
    CHECK_EQ(compare_with(kNow, path).status().code(), std::string(code));
    CHECK_EQ(conclude(arguments({"--compare", path}), kNow), 2);
  };
  refused("IO_ERROR");
  CHECK_EQ(check_earlier(arguments({"--compare", path})).code(), "IO_ERROR");
  put_bytes(path, "no JSON");
  refused("JSON_INVALID");
  put_bytes(path, "{}");
  refused("JSON_INVALID");
  CHECK_EQ(check_earlier(arguments({"--compare", path})).code(), "JSON_INVALID");
  put_bytes(path, R"({"bench":"kernels","results":[{"name":"rmsnorm","us":5}]})");
  refused("BENCH_DIFFERS");
  CHECK(check_earlier(arguments({"--compare", path})).ok());
  put_bytes(path, R"({"bench":"engine","results":[{"what":"else","tokens_per_s":5}]})");
  refused("BENCH_DIFFERS");
  CHECK(check_earlier(arguments({})).ok());
}
