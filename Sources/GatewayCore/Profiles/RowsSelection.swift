// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Who cut the asked rows and columns out of a profile's buffer.
public struct RowsSelection: Hashable, Sendable {
    /// Who made a choice.
    public enum Chooser: String, Hashable, Sendable {
        /// The meter, by selective access.
        case meter = "by-meter"
        /// The gateway, after it had read more than was asked for.
        case gateway = "by-gateway"
        /// Nobody: everything was asked for.
        case nobody = "none"
    }

    /// Who chose the rows.
    public var rows: Chooser
    /// Who chose the columns.
    public var columns: Chooser

    /// Nothing was chosen.
    public static let none = RowsSelection(rows: .nobody, columns: .nobody)
}
