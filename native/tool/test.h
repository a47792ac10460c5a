// A small test harness. A test registers itself and is run by `glossa-native test [filter]`:
//
//   TEST("linear: a row has the same bits at every m") { CHECK_EQ(got, want); }
//
// A failed check is reported with its place and the test goes on; SKIP("why") ends the test and counts it as skipped.
#pragma once
#include <cmath>
#include <sstream>
#include <string>

namespace glossa::test {

// Built with a sanitizer, which costs ten to thirty times the time: tests that go over every combination take a
// part of them then, enough to reach every line; the ordinary build takes them all.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

struct Case {
  Case(const char* name, void (*run)());
  const char* name;
  void (*run)();
  Case* next = nullptr;  // in order of registration
};

void fail(const char* file, int line, const std::string& what);
void skip(const std::string& reason);
int failures();  // checks of the running test that failed so far

// A file or folder of the repository itself: below $GLOSSA_ROOT, or where it was built.
std::string repository_path(const std::string& relative);
// A file or folder of test material outside the repository: below $GLOSSA_SHARED, or ../shared beside the repository.
std::string shared_path(const std::string& relative);

template <class T>
std::string show(const T& value) {
  std::ostringstream out;
  out.precision(9);
  if constexpr (sizeof(T) == 1) {
    out << static_cast<int>(value);
  } else {
    out << value;
  }
  return out.str();
}

template <class A, class B>
void check_eq(const A& a, const B& b, const char* a_text, const char* b_text, const char* file, int line) {
  if (!(a == b)) fail(file, line, std::string(a_text) + " == " + b_text + ", but " + show(a) + " != " + show(b));
}

// NaN on either side fails.
inline void check_near(double a, double b, double tolerance, const char* a_text, const char* b_text, const char* file,
                       int line) {
  if (!(std::fabs(a - b) <= tolerance)) {
    fail(file, line,
         std::string(a_text) + " near " + b_text + ", but |" + show(a) + " - " + show(b) +
             "| = " + show(std::fabs(a - b)) + " > " + show(tolerance));
  }
}

}  // namespace glossa::test

#define GLOSSA_TEST_JOIN2(a, b) a##b
#define GLOSSA_TEST_JOIN(a, b) GLOSSA_TEST_JOIN2(a, b)
#define GLOSSA_TEST(name, id)                                                                               \
  static void GLOSSA_TEST_JOIN(glossa_test_, id)();                                                         \
  static ::glossa::test::Case GLOSSA_TEST_JOIN(glossa_case_, id)(name, GLOSSA_TEST_JOIN(glossa_test_, id)); \
  static void GLOSSA_TEST_JOIN(glossa_test_, id)()
#define TEST(name) GLOSSA_TEST(name, __COUNTER__)

#define CHECK(condition)                                                    \
  do {                                                                      \
    if (!(condition)) ::glossa::test::fail(__FILE__, __LINE__, #condition); \
  } while (0)
#define CHECK_EQ(a, b) ::glossa::test::check_eq((a), (b), #a, #b, __FILE__, __LINE__)
#define CHECK_NEAR(a, b, tolerance) \
  ::glossa::test::check_near(static_cast<double>(a), static_cast<double>(b), (tolerance), #a, #b, __FILE__, __LINE__)
#define SKIP(reason)              \
  do {                            \
    ::glossa::test::skip(reason); \
    return;                       \
  } while (0)
