#include "mlp_kernels.h"
