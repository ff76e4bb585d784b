// SPDX-License-Identifier: MIT
//
// In the place of sha256.cc where libcrypto is left out (HALFULP_ARCHIVES=OFF).
#include "formats/error.h"
#include "golden/vectors/sha256.h"

namespace halfulp::vectors {

void Sha256::Free::operator()(evp_md_ctx_st*) const {}
Sha256::Sha256() {
  throw Error("this build of halfulp names no file by its SHA-256", "",
              "leave out --package, or take a build with libcrypto");
}
void Sha256::add(std::string_view) {}
std::string Sha256::digits() { return {}; }

}  // namespace halfulp::vectors
