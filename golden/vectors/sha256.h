// SPDX-License-Identifier: MIT
//
// SHA-256 (FIPS 180-4), by which a file names the one that it belongs to.
#pragma once

#include <memory>
#include <string>
#include <string_view>

// Of libcrypto.
struct evp_md_ctx_st;

namespace halfulp::vectors {

class Sha256 {
 public:
  Sha256();

  void add(std::string_view bytes);
  // 64 lower-case hexadecimal digits of all that was added. To be called once, at the end.
  [[nodiscard]] std::string digits();

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

}  // namespace halfulp::vectors
