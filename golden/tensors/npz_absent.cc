// SPDX-License-Identifier: MIT
//
// In the place of npz.cc where libzip is left out (HALFULP_ARCHIVES=OFF): every use of an archive
// says so.
#include "formats/error.h"
#include "golden/tensors/npz.h"

namespace halfulp::tensors {
namespace {

[[noreturn]] void refuse() {
  throw Error("this build of halfulp reads and writes no .npz", "",
              "take .npy or .safetensors, or a build with libzip");
}

}  // namespace

struct NpzArchive::Implementation {};
struct NpzArchive::Reader::Open {};

NpzArchive::NpzArchive(ByteView) { refuse(); }
NpzArchive::NpzArchive(const std::string&, std::uint64_t) { refuse(); }
NpzArchive::~NpzArchive() = default;
std::vector<NpzMember> NpzArchive::members(Selection&) const { refuse(); }
Bytes NpzArchive::beginning(const NpzMember&) const { refuse(); }
Bytes NpzArchive::content(const NpzMember&) const { refuse(); }

NpzArchive::Reader::Reader(const NpzArchive& archive, NpzMember) : archive_(archive) { refuse(); }
NpzArchive::Reader::~Reader() = default;
void NpzArchive::Reader::read(std::uint64_t, std::span<std::uint8_t>) { refuse(); }

std::vector<Tensor> parse_npz(ByteView, GivenType&, Selection&) { refuse(); }
std::string npz_file(const std::vector<Tensor>&, const Layout&) { refuse(); }

}  // namespace halfulp::tensors
