// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

extension SQLBinds {
    /// Binds each value under a name of its own, and gives these names with commas between, as an IN list wants them.
    ///
    /// The last value is repeated up to a power of two, so that databases prepare few statements that differ only in
    /// the length of a list.
    ///
    /// - Parameters:
    ///   - values: at least one, because an empty list is no SQL.
    ///   - name: what the names begin with; a number follows.
    mutating func list(_ values: some Collection<SQLValue>, as name: String) -> String {
        var names: [String] = []
        var value = SQLValue.null
        var rest = values[...]
        while !rest.isEmpty || names.count & (names.count - 1) != 0 {
            value = rest.popFirst() ?? value
            self["\(name)\(names.count)"] = value
            names.append(":\(name)\(names.count)")
        }
        return names.joined(separator: ", ")
    }

    /// The same for texts.
    mutating func list(_ texts: some Collection<String>, as name: String) -> String {
        list(texts.map { SQLValue.text($0) }, as: name)
    }
}
