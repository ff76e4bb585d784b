// SPDX-License-Identifier: MIT
#include "golden/vectors/sha256.h"

#include <openssl/evp.h>

#include <array>
#include <stdexcept>

namespace halfulp::vectors {
namespace {

void require(int success) {
  if (success != 1) throw std::runtime_error("libcrypto computes no SHA-256");
}

}  // namespace

void Sha256::Free::operator()(evp_md_ctx_st* context) const { EVP_MD_CTX_free(context); }

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  require(EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr));
}

void Sha256::add(std::string_view bytes) {
  require(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()));
}

std::string Sha256::digits() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  require(EVP_DigestFinal_ex(context_.get(), digest.data(), &length));
  constexpr const char* hexadecimal = "0123456789abcdef";
  std::string text;
  for (unsigned i = 0; i < length; ++i) {
    text += hexadecimal[digest.at(i) >> 4U];
    text += hexadecimal[digest.at(i) & 15U];
  }
  return text;
}

}  // namespace halfulp::vectors
