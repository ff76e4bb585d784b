// SPDX-License-Identifier: MIT
//
// A user's program: quantize_tensors IN.npy OUT.npy rounds the tensors of a file to NVFP4.
#include <halfulp/emulator/engine.h>
#include <halfulp/formats/block.h>
#include <halfulp/golden/tensors/files.h>
#include <halfulp/golden/tensors/quantizer.h>

int main(int, char** argv) {
  using namespace halfulp;
  const tensors::TensorQuantizer nvfp4(find_block_format("nvfp4"), emulator::engine());
  tensors::TensorFile file = tensors::read(argv[1], {});
  for (tensors::Tensor& tensor : file.tensors) tensor = nvfp4.quantized(tensor);
  tensors::write(argv[2], file, {});
}
