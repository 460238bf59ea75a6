// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSSecurity
import Foundation
import Testing

@Suite struct SealingKeyFileTests {
    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder.path)
    }

    private func mode(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }

    @Test func makesAFileForItsOwnerOnlyAndLoadsItAgain() throws {
        try withFolder { folder in
            let path = folder + "/sealing.key"
            let made = try SecretSealer(creatingOrLoadingKeyFile: path)
            #expect(try mode(path) == 0o600)
            let loaded = try SecretSealer(creatingOrLoadingKeyFile: path)
            #expect(loaded.keyID == made.keyID)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["sealing.key"])
        }
    }

    @Test(arguments: [0o640, 0o604, 0o644, 0o620, 0o666])
    func refusesAFileOpenToOthers(mode: Int) throws {
        try withFolder { folder in
            let path = folder + "/sealing.key"
            _ = try SecretSealer(creatingOrLoadingKeyFile: path)
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
            let expected = SealingError.keyFileExposed(path: path, mode: UInt32(mode))
            #expect(throws: expected) { try SecretSealer(creatingOrLoadingKeyFile: path) }
            #expect(expected.description.contains("chmod 600"))
        }
    }

    @Test(arguments: ["", "cosem-gateway-sealing-key-1 0011\n", "hello", String(repeating: "a", count: 200)])
    func refusesAFileWithoutAKeyAndLeavesItAsItIs(content: String) throws {
        try withFolder { folder in
            let path = folder + "/sealing.key"
            try Data(content.utf8).write(to: URL(fileURLWithPath: path))
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
            #expect(throws: SealingError.keyFileMalformed(path: path)) {
                try SecretSealer(creatingOrLoadingKeyFile: path)
            }
            #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data(content.utf8))
        }
    }

    @Test func saysWhichOperationFailed() throws {
        try withFolder { folder in
            let path = folder + "/absent/sealing.key"
            #expect(throws: SealingError.keyFileUnusable(path: path, operation: "create", code: 2)) {
                try SecretSealer(creatingOrLoadingKeyFile: path)
            }
        }
    }
}
