// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Rows of one table to be inserted together, their values one after the other.
public struct SQLRows: Sendable {
    /// The names of the columns, in the order of the values.
    public let columns: [String]
    /// The values of all rows, row by row.
    public private(set) var values: [SQLValue] = []

    /// Makes an empty batch.
    ///
    /// - Parameter capacity: how many rows are going to be appended, if it is known.
    public init(columns: [String], capacity: Int = 0) {
        precondition(!columns.isEmpty, "a row has columns")
        self.columns = columns
        values.reserveCapacity(capacity * columns.count)
    }

    /// How many rows there are.
    public var count: Int { values.count / columns.count }

    /// Appends a row: a value for each column, in their order.
    public mutating func append(_ row: [SQLValue]) {
        precondition(row.count == columns.count, "a row has a value for each column")
        values.append(contentsOf: row)
    }
}

/// What becomes of rows whose key is there already.
public enum SQLConflict: Hashable, Sendable {
    /// Nothing is inserted at all.
    case fail
    /// The row that is there stays; also when two of the new rows have the same key.
    case ignore
    /// The new row takes the place of the one there, and no two of the new rows may have the same key.
    ///
    /// - Parameters:
    ///   - key: the columns of the key.
    ///   - greater: the column that has to be greater in the new row than in the one there, or else that one stays.
    case replace(key: [String], ifGreater: String?)

    /// The clause that says so, for rows of these columns.
    package func clause(table: String, columns: [String]) -> String {
        switch self {
        case .fail: return ""
        case .ignore: return "ON CONFLICT DO NOTHING"
        case .replace(let key, let greater):
            let updates = columns.filter { !key.contains($0) }.map { "\($0) = excluded.\($0)" }
            let condition = greater.map { " WHERE excluded.\($0) > \(table).\($0)" } ?? ""
            return "ON CONFLICT (\(key.joined(separator: ", "))) DO UPDATE SET \(updates.joined(separator: ", "))"
                + condition
        }
    }
}
