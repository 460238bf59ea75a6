// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Files
import Glibc
import Testing

@Suite("Files that are read whole")
struct WholeFileTests {
    @Test("A file that comes in several pieces is there to its last octet", arguments: [0, 1, 65_536, 200_001])
    func pieces(count: Int) throws {
        let octets = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        try withFile(octets) { path in
            #expect(WholeFile.read(path) == octets)
            #expect(WholeFile.read(path, most: count) == octets)
        }
    }

    @Test("A file that is longer than allowed is refused, and errno says so")
    func long() throws {
        try withFile([UInt8](repeating: 7, count: 70_000)) { path in
            #expect(WholeFile.read(path, most: 69_999) == nil)
            #expect(errno == EFBIG)
        }
    }

    @Test("What is not there, and what is no file, cannot be read")
    func unreadable() {
        #expect(WholeFile.read("/nowhere/at/all") == nil)
        #expect(errno == ENOENT)
        #expect(WholeFile.read("/") == nil)
        #expect(errno == EISDIR)
    }

    private func withFile(_ octets: [UInt8], _ body: (String) throws -> Void) throws {
        var name = Array("/tmp/whole-file-XXXXXX".utf8CString)
        let descriptor = mkstemp(&name)
        let path = String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { unlink(path) }
        try #require(write(descriptor, octets, octets.count) == octets.count)
        close(descriptor)
        try body(path)
    }
}
