// NVIDIA's cuBLASLt, looked for when a device opens, so that the program starts where there is none.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "device/cuda/matmul_library.h"

namespace glossa {

// Files that may be the library, in the order in which they are tried: GLOSSA_CUBLASLT (a file or a folder), what the
// system's loader finds, the toolkit's folders, those of Python's packages.
std::vector<std::string> cublas_lt_places();
// Whether GLOSSA_CUBLASLT is set: then there is no other place.
bool cublas_lt_is_named();

// Version and file of the one that would be used. It touches no GPU. MATMUL_LIBRARY_MISSING says what was looked for
// and what to install.
Result<std::string> cublas_lt_found();

// `stream`: a cudaStream_t of the current device. workspace: device memory for algorithms that want some.
// hopper: of the algorithms that sum in one piece, only that card's own kernels. MATMUL_LIBRARY_MISSING.
Result<std::unique_ptr<MatmulLibrary>> open_cublas_lt(void* stream, void* workspace, int64_t workspace_bytes,
                                                      bool hopper);

}  // namespace glossa
