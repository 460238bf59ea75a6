// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// A power of ten to show a quantity in, such as kWh for a register in Wh.
public struct DisplayScale: Hashable, Sendable {
    /// The symbol with its prefix, "kWh".
    public let symbol: String
    /// The power of ten that one of it is in the register's unit: 3 for kWh.
    public let exponent: Int

    /// Reads a prefixed symbol for a unit; nil if it is not that unit with an SI prefix (m, k, M, G, T or none).
    public init?(_ symbol: String, of unit: Unit) {
        guard !unit.symbol.isEmpty, symbol.hasSuffix(unit.symbol) else { return nil }
        switch symbol.dropLast(unit.symbol.count) {
        case "": exponent = 0
        case "m": exponent = -3
        case "k": exponent = 3
        case "M": exponent = 6
        case "G": exponent = 9
        case "T": exponent = 12
        default: return nil
        }
        self.symbol = symbol
    }
}
