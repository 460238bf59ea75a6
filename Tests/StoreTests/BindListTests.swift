// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Testing

@testable import SQLStore

struct BindListTests {
    @Test func `A list has a name for each value, and the last one again up to a power of two`() {
        for count in [1, 2, 3, 4, 5, 300] {
            var binds: SQLBinds = ["other": .null]
            let names = binds.list((0..<count).map { .integer(Int64($0)) }, as: "n").split(separator: ", ")
            let length = names.count
            #expect(length >= count && length < 2 * count && length & (length - 1) == 0)
            #expect(binds.count == length + 1)
            let values = names.map { binds[String($0.dropFirst())] }
            #expect(values == (0..<length).map { .integer(Int64(min($0, count - 1))) })
        }
    }
}
