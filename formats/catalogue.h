// SPDX-License-Identifier: MIT
//
// The named formats, one line each with its source, their aliases, and the parametric names:
//   e5m10 (IEEE style), e4m3fn (one NaN a sign, no infinity), e3m0f (every code a number), e4m3fnuz
//   (one NaN, one zero), e4m3b11fnuz (bias 11), ue5m3 (no sign); q3.4 and uq3.4 (fixed point:
//   integer bits without the sign, fraction bits), int8, uint4; q3.4_symmetric and int8_symmetric
//   (the lowest code is no result); binary8p4se or p3109_k8p4se (P3109: K, P, signed or unsigned,
//   extended or finite); cfloat8_143b7, cfloat16b15; posit16, posit8es0, takum16, takum_log16,
//   log4.3, lns8.3.
// Letters count without case.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "formats/format.h"

namespace halfulp {

struct CatalogueEntry {
  Format format;
  std::vector<std::string> aliases;
  std::string source;
};

const std::vector<CatalogueEntry>& catalogue();

// The format of a name, an alias or a parametric spelling. Throws Error: unknown (with a
// suggestion), ambiguous (e4m3, e3m2, e2m3 and e2m1 alone mean two formats each; both are named),
// or the name of a block format (formats/block.h).
Format find_format(std::string_view name);

}  // namespace halfulp
