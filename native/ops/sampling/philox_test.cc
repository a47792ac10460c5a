#include "base/philox.h"

#include "tool/test.h"

namespace glossa {

// philox4x32-10 in kat_vectors of Random123, the authors' own library: all zeros, all ones, digits of pi.
TEST("philox: the known-answer vectors of Random123") {
  struct Vector {
    uint32_t counter[4], key[2], answer[4];
  };
  const Vector vectors[] = {
      {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
      {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
       {0xffffffff, 0xffffffff},
       {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
      {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
       {0xa4093822, 0x299f31d0},
       {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
  };
  for (const Vector& v : vectors) {
    const uint64_t key = v.key[0] | static_cast<uint64_t>(v.key[1]) << 32;
    const Philox4 got = philox4x32(key, v.counter[0], v.counter[1], v.counter[2], v.counter[3]);
    for (int i = 0; i < 4; ++i) CHECK_EQ(got.v[i], v.answer[i]);
  }
}

TEST("philox: uniforms are never 0 nor 1") {
  CHECK(philox_uniform(0) > 0);
  CHECK(philox_uniform(0xffffffff) < 1);
}

}  // namespace glossa
