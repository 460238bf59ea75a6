// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Where a sealed secret is stored; a sealed form opens only in the place it was sealed for.
///
/// The three names are authenticated along with the secret, so that somebody who may write to the database but has no
/// key cannot give one meter the key of another.
public struct SealingContext: Hashable, Sendable {
    /// The table or kind of record, such as `meters`.
    public let table: String
    /// The identifier of the record, such as the meter's.
    public let row: String
    /// The place inside the record, such as a JSON pointer.
    public let column: String

    /// Names a place.
    public init(table: String, row: String, column: String) {
        self.table = table
        self.row = row
        self.column = column
    }

    /// The three names, each preceded by its length in four octets, so that no two places share an encoding.
    var octets: [UInt8] {
        var octets: [UInt8] = []
        for name in [table, row, column] {
            let length = UInt32(truncatingIfNeeded: name.utf8.count)
            octets.append(contentsOf: (0..<4).map { UInt8(truncatingIfNeeded: length >> (24 - 8 * $0)) })
            octets.append(contentsOf: name.utf8)
        }
        return octets
    }
}
