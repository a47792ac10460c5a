#include "tool/model_shapes.h"

#include "tool/test.h"

using namespace glossa;
using namespace glossa::tool;

TEST("model shapes: each has as many parameters as the model that was published") {
  int published = 0;
  for (const ModelShape& s : model_shapes()) {
    if (s.parameters == 0) continue;
    ++published;
    CHECK_EQ(parameter_count(config_of(s)), s.parameters);
  }
  CHECK_EQ(published, 6);
}

TEST("model shapes: found by name, with as many layers as are asked for") {
  const ModelShape* shape = find_shape("llama-3.2-3b");
  CHECK(shape != nullptr);
  if (!shape) return;
  CHECK_EQ(config_of(*shape).layers, 28);
  CHECK_EQ(config_of(*shape, 2).layers, 2);
  CHECK(find_shape("llama-3.2") == nullptr);
}
