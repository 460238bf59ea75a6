// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel

/// What the codes in the event logs of meters mean: a table, not code.
public struct MeterEventCodes: Sendable {
    /// The codes of the embedded table.
    public static let standard = MeterEventCodes(table: TableText.lines(of: PackageResources.events_txt))

    private let names: [Int64: String]
    /// Lines of the table that could not be read; a test keeps it empty.
    let unreadable: [String]

    init(table: [Substring]) {
        var names: [Int64: String] = [:]
        var unreadable: [String] = []
        for line in table {
            guard let fields = TableText.fields(2, of: line), let code = Int64(fields[0]), names[code] == nil else {
                unreadable.append(String(line))
                continue
            }
            names[code] = String(fields[1])
        }
        self.names = names
        self.unreadable = unreadable
    }

    /// The name of a code, kebab-case; nil for one that the table does not have.
    public func name(of code: Int64) -> String? { names[code] }
}
