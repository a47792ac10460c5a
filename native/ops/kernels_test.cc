#include "ops/kernels.h"

#include <cstdlib>

#include "tool/test.h"

using namespace glossa;

TEST("kernels: every supported instruction set has its table, the portable one first") {
  std::vector<std::string> isas = supported_isas();
  CHECK(!isas.empty());
  CHECK_EQ(isas.front(), std::string("portable"));
  for (const std::string& isa : isas) {
    Result<const Kernels*> k = kernels_for(isa);
    CHECK(k.ok());
    if (k.ok()) CHECK_EQ(std::string(k.value()->isa), isa);
  }
}

TEST("kernels: an unknown instruction set is refused and the message lists the choices") {
  Result<const Kernels*> k = kernels_for("avx9000");
  CHECK(!k.ok());
  CHECK_EQ(k.status().code(), std::string("ISA_UNKNOWN"));
  CHECK(k.status().message().find("avx9000") != std::string::npos);
  for (const std::string& isa : supported_isas()) CHECK(k.status().message().find(isa) != std::string::npos);
}

TEST("kernels: GLOSSA_ISA overrides the choice and its errors name it") {
  const char* before = std::getenv("GLOSSA_ISA");
  const std::string kept = before ? before : "";
  setenv("GLOSSA_ISA", "portable", 1);
  Result<const Kernels*> k = default_kernels();
  CHECK(k.ok());
  if (k.ok()) CHECK_EQ(std::string(k.value()->isa), std::string("portable"));
  setenv("GLOSSA_ISA", "sse17", 1);
  k = default_kernels();
  CHECK(!k.ok());
  if (!k.ok()) CHECK(k.status().message().find("GLOSSA_ISA") != std::string::npos);
  setenv("GLOSSA_ISA", "", 1);
  k = default_kernels();
  CHECK(k.ok());
  if (k.ok()) CHECK_EQ(std::string(k.value()->isa), supported_isas().back());
  if (before) {
    setenv("GLOSSA_ISA", kept.c_str(), 1);
  } else {
    unsetenv("GLOSSA_ISA");
  }
}
