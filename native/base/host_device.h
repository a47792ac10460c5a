// Marks a function that kernels of a GPU call as well as the host: one definition for both. Nothing of CUDA is needed
// to include it.
#pragma once

#if defined(__CUDACC__)
#define GLOSSA_HD __host__ __device__
#else
#define GLOSSA_HD
#endif
