#ifndef MLP_KERNELS_H
#define MLP_KERNELS_H
#endif
