#include "io/sha256.h"

#include <algorithm>
#include <string>

#include "tool/test.h"

namespace glossa::test {
namespace {

std::string digest(const std::string& text, bool hardware, int64_t piece) {
  Sha256 hash(hardware);
  const int64_t size = static_cast<int64_t>(text.size());
  for (int64_t at = 0; at < size; at += piece) hash.add(text.data() + at, std::min(piece, size - at));
  return hash.hex();
}

}  // namespace

// The first three digests are those of the examples in FIPS 180-4; the others were made with coreutils' sha256sum.
TEST("sha256: the published digests, with and without the processor's instructions, in pieces of any size") {
  const struct {
    std::string text, digest;
  } cases[] = {
      {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
      {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
       "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
      {std::string(1000000, 'a'), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
      {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
      {std::string(55, 'x'), "d5e285683cd4efc02d021a5c62014694958901005d6f71e89e0989fac77e4072"},
      {std::string(56, 'x'), "04c26261370ee7541549d16dee320c723e3fd14671e66a099afe0a377c16888e"},
      {std::string(63, 'x'), "75220b47218278e656f2013bb8f0c455a25eaf01e86c64924e9d48d89776d6f2"},
      {std::string(64, 'x'), "7ce100971f64e7001e8fe5a51973ecdfe1ced42befe7ee8d5fd6219506b5393c"},
      {std::string(119, 'x'), "000b48d4edf0fa7bee3c6236ecd2785baa5db4eeb8bb54341b029e0d9fa5fb0c"},
      {std::string(120, 'x'), "13f05a0b594787f5ecd315edc96141bd3243203d1b7d4f0836f37308b276ba98"},
  };
  for (const auto& [text, expected] : cases)
    for (bool hardware : {false, true})
      for (int64_t piece : {int64_t{1} << 20, int64_t{1}, int64_t{63}, int64_t{64}, int64_t{65}, int64_t{1000}})
        CHECK_EQ(digest(text, hardware, piece), expected);
}

}  // namespace glossa::test
