// SPDX-License-Identifier: MIT
#include "emulator/scalar/cut.h"

#include "emulator/scalar/ratio.h"

namespace halfulp::emulator {

template <typename Word>
int GridGap<Word>::order_in_logarithm() const {
  const Integer scale = from_code<Integer>(target.scale);
  const std::int64_t exponent = place + target.scale_exponent;
  const Integer inner = from_code<Integer>(kept);
  return compare_to_geometric_mean(number, {false, Integer(inner * scale), exponent},
                                   {false, Integer((inner + 1) * scale), exponent});
}

template int GridGap<Code>::order_in_logarithm() const;
template int GridGap<WideWord>::order_in_logarithm() const;

}  // namespace halfulp::emulator
