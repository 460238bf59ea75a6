// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import ArgumentParser
import Fleet
import Glibc
import SQLStore

/// Checks and exports the audit log.
struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Check or export the record of what was changed and by whom.",
        subcommands: [Verify.self, Export.self]
    )

    /// Checks a log.
    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "verify",
            abstract: "Check that no record of an audit log was changed, added or removed.",
            discussion: """
                Checks the log of the database that serve takes from the same options, variables and file, also while \
                a gateway works on it, or an export of it. Prints the head of \
                the log, to be kept where those who can change the database cannot reach it: with --head a later check \
                also finds that the end was cut off or that everything was made anew.
                Exit code: 0 the log is sound, 1 it is not and the record at fault is named, 2 it cannot be read.
                Examples:
                  cosem-gateway audit verify --database sqlite:///var/lib/gateway.sqlite
                  cosem-gateway audit verify audit.ndjson --head 17:5f0c...
                """
        )

        @Argument(help: ArgumentHelp("A file made by audit export; - is standard input.", valueName: "file"))
        var file: String?

        @OptionGroup var database: DatabaseOptions

        @Option(name: .customLong("file"), help: "The same as the argument.")
        var fileOption: String?

        @Option(help: "A head that was printed earlier, ORDINAL:HASH, which the log must contain.")
        var head: String?

        func validate() throws {
            guard head.map({ AuditHead($0) != nil }) ?? true else {
                throw ValidationError("--head: write ORDINAL:HASH as audit verify prints it")
            }
            guard [file != nil, fileOption != nil, database.isNamed].count(where: \.self) <= 1 else {
                throw ValidationError("name a file or a database, not both")
            }
        }

        func run() async throws {
            let expected = head.flatMap { AuditHead($0) }
            let outcome: AuditFinding
            if let name = file ?? fileOption {
                outcome = try Self.check(file: name, expecting: expected)
            } else {
                outcome = try await AuditSource.open(database) { try await $0.check(expecting: expected) }
            }
            if let fault = outcome.fault {
                print("the audit log is damaged: \(fault)")
                throw ExitCode(1)
            }
            print("\(outcome.head.ordinal) records, all sound")
            print("head \(outcome.head)")
        }

        private static func check(
            file name: String,
            expecting expected: AuditHead?
        ) throws -> AuditFinding {
            guard var octets = FileOctets.read(name) else {
                Terminal.tell("\(name): \(String(cString: strerror(errno)))")
                throw ExitCode(2)
            }
            var chain = AuditChain(expecting: expected)
            do throws(AuditFault) {
                guard octets.popLast() == 0x0A else {
                    throw AuditFault(ordinal: 1, reason: "the file does not end with a line feed; its end is missing")
                }
                for line in octets.split(separator: 0x0A, omittingEmptySubsequences: false) {
                    try chain.add(line: Array(line))
                }
                try chain.finishExport()
                return AuditFinding(head: chain.head, fault: nil)
            } catch {
                return AuditFinding(head: chain.head, fault: error)
            }
        }
    }

    /// Writes a log to a file.
    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "export",
            abstract: "Write an audit log as lines of JSON that audit verify can check.",
            discussion: """
                Each line is a record with its hash; the last line tells how many there are. A log that is damaged is \
                written up to the record at fault.
                Exit code: 0 all was written, 1 the log is damaged, 2 it cannot be read.
                Example:
                  cosem-gateway audit export --config gateway.yaml > audit.ndjson
                """
        )

        @OptionGroup var database: DatabaseOptions

        func run() async throws {
            let outcome = try await AuditSource.open(database) { log in
                try await log.check { record in AuditSource.write(record.line + [0x0A]) }
            }
            if let fault = outcome.fault {
                Terminal.tell("the audit log is damaged: \(fault)")
                throw ExitCode(1)
            }
            AuditSource.write(AuditChain.lastLine(after: outcome.head) + [0x0A])
        }
    }
}

/// Where an audit log comes from.
private enum AuditSource {
    /// Opens the log of a database that is there already.
    static func open<Result: Sendable>(
        _ options: DatabaseOptions,
        _ body: (SQLAuditLog) async throws -> Result
    ) async throws -> Result {
        let (database, name) = try options.open()
        do {
            let result = try await body(SQLAuditLog(database: database))
            try await database.close()
            return result
        } catch let error where error is SQLError || error is StoreError {
            Terminal.tell("\(name): \(error)")
            throw ExitCode(2)
        }
    }

    /// Writes octets to standard output.
    static func write(_ octets: [UInt8]) {
        var rest = octets[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}
