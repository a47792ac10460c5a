# The addon and glossa-native by node-gyp, for machines without CMake. The same sources and flags as CMakeLists.txt: native/sources.txt.
# Each kernel source is compiled once per instruction set; ops/kernels.cc picks one by cpuid.
{
  "variables": {
    # GCC 12.2 at -O3 loses the first field of a struct with an enum between its fields that is carried around a loop; not
    # without this pass, which the kernels alone have a use for.
    "core_flags": ["-fno-tree-slp-vectorize"],
    "kernel_flags": ["-O3", "-fno-exceptions", "-fno-rtti"],
    "avx2_flags": ["-mavx2", "-mfma"],
    "avx512_flags": ["-mavx2", "-mfma", "-mavx512f", "-mavx512bw", "-mavx512vl", "-mavx512dq"],
  },
  "target_defaults": {
    "include_dirs": ["native"],
    "cflags_cc!": ["-fno-exceptions", "-fno-rtti", "-std=gnu++17", "-std=gnu++20"],
    "cflags_cc": ["-std=c++20", "-Wall", "-Wextra", "-ffp-contract=off", "-fno-math-errno", "-fvisibility=hidden", "-fPIC", "-pthread"],
    "xcode_settings": {
      "GCC_ENABLE_CPP_EXCEPTIONS": "YES",
      "GCC_ENABLE_CPP_RTTI": "YES",
      "GCC_SYMBOLS_PRIVATE_EXTERN": "YES",
      "CLANG_CXX_LANGUAGE_STANDARD": "c++20",
      "MACOSX_DEPLOYMENT_TARGET": "13.0",
      "OTHER_CPLUSPLUSFLAGS": ["-Wall", "-Wextra", "-ffp-contract=off", "-fno-math-errno"],
    },
  },
  "targets": [
    {
      "target_name": "glossa",
      "sources": ["<!@(node scripts/sources.mjs addon)"],
      "cflags_cc": ["<@(core_flags)"],
      "include_dirs": ["<!(node -p \"require('node-addon-api').include_dir\")"],
      "defines": ["NAPI_VERSION=9"],
      "dependencies": ["glossa_core"],
      "ldflags": ["-pthread"],
    },
    {
      "target_name": "glossa-native",
      "type": "executable",
      "sources": ["<!@(node scripts/sources.mjs tool)", "<!@(node scripts/sources.mjs test)"],
      "cflags_cc": ["<@(core_flags)"],
      "defines": ["GLOSSA_SOURCE_DIR=\"<(module_root_dir)\""],
      "dependencies": ["glossa_core"],
      "ldflags": ["-pthread"],
    },
    {
      "target_name": "glossa_core",
      "type": "static_library",
      "sources": ["<!@(node scripts/sources.mjs core)"],
      "cflags_cc": ["<@(core_flags)"],
      "dependencies": ["glossa_kernel_portable"],
      "conditions": [
        ["target_arch=='x64'", {
          "dependencies": ["glossa_kernel_avx2", "glossa_kernel_avx512", "glossa_kernel_avx512bf16"],
        }],
      ],
    },
    {
      "target_name": "glossa_kernel_portable",
      "type": "static_library",
      "sources": ["<!@(node scripts/sources.mjs kernel)"],
      "defines": ["GLOSSA_ISA=portable"],
      "cflags_cc": ["<@(kernel_flags)"],
      "xcode_settings": {"OTHER_CPLUSPLUSFLAGS": ["<@(kernel_flags)"]},
    },
  ],
  "conditions": [
    ["target_arch=='x64'", {
      "targets": [
        {
          "target_name": "glossa_kernel_avx2",
          "type": "static_library",
          "sources": ["<!@(node scripts/sources.mjs kernel)"],
          "defines": ["GLOSSA_ISA=avx2"],
          "cflags_cc": ["<@(kernel_flags)", "<@(avx2_flags)"],
          "xcode_settings": {"OTHER_CPLUSPLUSFLAGS": ["<@(kernel_flags)", "<@(avx2_flags)"]},
        },
        {
          "target_name": "glossa_kernel_avx512",
          "type": "static_library",
          "sources": ["<!@(node scripts/sources.mjs kernel)"],
          "defines": ["GLOSSA_ISA=avx512"],
          "cflags_cc": ["<@(kernel_flags)", "<@(avx512_flags)"],
          "xcode_settings": {"OTHER_CPLUSPLUSFLAGS": ["<@(kernel_flags)", "<@(avx512_flags)"]},
        },
        {
          "target_name": "glossa_kernel_avx512bf16",
          "type": "static_library",
          "sources": ["<!@(node scripts/sources.mjs kernel)"],
          "defines": ["GLOSSA_ISA=avx512bf16"],
          "cflags_cc": ["<@(kernel_flags)", "<@(avx512_flags)", "-mavx512bf16"],
          "xcode_settings": {"OTHER_CPLUSPLUSFLAGS": ["<@(kernel_flags)", "<@(avx512_flags)", "-mavx512bf16"]},
        },
      ],
    }],
  ],
}
