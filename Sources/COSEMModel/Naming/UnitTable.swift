// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// A physical unit of the scaler_unit attribute.
public struct Unit: Hashable, Sendable {
    /// The code, 30 for Wh.
    public let code: UInt8
    /// The usual symbol, empty for "no unit".
    public let symbol: String
    /// The name in words.
    public let name: String
}

/// The units by their code (Blue Book, enumeration of units).
public struct UnitTable: Sendable {
    /// The units of the embedded table.
    public static let standard = UnitTable(table: TableText.lines(of: PackageResources.units_txt))

    /// All units in order of their code.
    public let units: [Unit]
    private let places: [UInt8: Int]

    /// The code that stands for a number without unit.
    public static let unitless: UInt8 = 255

    /// The unit of that code, nil if the code is reserved.
    public subscript(code: UInt8) -> Unit? {
        places[code].map { units[$0] }
    }

    init(table: [Substring]) {
        units = table.compactMap { line in
            guard let fields = TableText.fields(3, of: line), let code = UInt8(fields[0]) else { return nil }
            return Unit(code: code, symbol: fields[1] == "-" ? "" : String(fields[1]), name: String(fields[2]))
        }
        places = Dictionary(units.enumerated().map { ($1.code, $0) }) { first, _ in first }
    }
}
