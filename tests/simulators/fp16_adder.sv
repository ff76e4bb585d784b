// SPDX-License-Identifier: MIT
//
// A binary16 adder to be tested: nearest even, flags of TestFloat. Every number of binary16 is a multiple of 2^-24, so that
// sums are exact in 42 bits of fixed point and are rounded once (IEEE 754-2019 3.4, 4.3.1, 6, 7). With +lose_carry the
// carry of the rounding does not reach the exponent.
module fp16_adder (
    input  logic [15:0] a,
    input  logic [15:0] b,
    output logic [15:0] result,
    output logic [ 7:0] flags
);
  function automatic logic [41:0] magnitude(input logic [14:0] x);
    if (x[14:10] == 0) magnitude = {32'd0, x[9:0]};
    else magnitude = {31'd0, 1'b1, x[9:0]} << (x[14:10] - 1);
  endfunction

  function automatic logic is_nan(input logic [15:0] x);
    is_nan = x[14:10] == 31 && x[9:0] != 0;
  endfunction

  function automatic logic is_infinite(input logic [15:0] x);
    is_infinite = x[14:0] == 15'h7c00;
  endfunction

  logic [41:0] ma, mb, sum;
  logic sign, up, inexact;
  logic [5:0] shift;
  logic [10:0] kept;
  logic [15:0] rounded;

  // The exact sum: its sign, its magnitude in units of 2^-24.
  always @* begin
    ma = magnitude(a[14:0]);
    mb = magnitude(b[14:0]);
    if (a[15] == b[15]) begin
      sum = ma + mb;
      sign = a[15];
    end else if (ma >= mb) begin
      sum = ma - mb;
      sign = a[15] & (ma != mb);
    end else begin
      sum = mb - ma;
      sign = b[15];
    end
  end

  logic lose_carry;
  initial lose_carry = $test$plusargs("lose_carry") != 0;

  // Eleven bits of it are kept.
  integer i;
  always @* begin
    shift = 0;
    for (i = 11; i < 42; i = i + 1) if (sum[i]) shift = i[5:0] - 10;
    kept = sum >> shift;
    up = 0;
    inexact = 0;
    if (shift != 0) begin
      inexact = (sum & ((42'd1 << shift) - 1)) != 0;
      up = sum[shift-1] && (kept[0] || (sum & ((42'd1 << (shift - 1)) - 1)) != 0);
    end
    rounded = ({10'd0, shift} << 10) + {5'd0, kept} + {15'd0, up};
    if (lose_carry && up && kept == 11'h7ff) rounded = rounded - 16'h0400;
  end

  always @* begin
    result = {sign, rounded[14:0]};
    flags = {7'd0, inexact};
    if (rounded >= 16'h7c00) begin
      result = {sign, 15'h7c00};
      flags = 8'h05;
    end
    if (is_infinite(a)) result = a;
    if (is_infinite(b)) result = b;
    if (is_infinite(a) || is_infinite(b)) flags = 0;
    if (is_nan(a) || is_nan(b)) begin
      result = 16'h7e00;
      flags = (is_nan(a) && !a[9]) || (is_nan(b) && !b[9]) ? 8'h10 : 8'h00;
    end else if (is_infinite(a) && is_infinite(b) && a[15] != b[15]) begin
      result = 16'h7e00;
      flags = 8'h10;
    end
  end
endmodule
