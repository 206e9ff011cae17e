#pragma once

// Precompiled: the Arrow headers that nearly every file of the columnar layers needs.
#include <arrow/api.h>
#include <arrow/compute/api.h>
