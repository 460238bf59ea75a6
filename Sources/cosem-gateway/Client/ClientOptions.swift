// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import ArgumentParser
import Glibc
import JSONText

/// How commands that talk to a running gateway reach it, and what their exit codes mean.
struct ClientOptions: ParsableArguments {
    @Option(help: "HOST:PORT or https://HOST of the gateway. (default: COSEM_GATEWAY_URL or 127.0.0.1:8080)")
    var gateway: String?

    @Option(help: "A file with the API key; otherwise COSEM_GATEWAY_KEY has it.")
    var keyFile: String?

    /// The exit codes besides 0.
    enum Code {
        static let failed = ExitCode(1)
        static let usage = ExitCode(2)
        static let partial = ExitCode(3)
        static let notAllowed = ExitCode(4)
        static let unreachable = ExitCode(5)
    }

    private static let unreachable: Set<String> = [
        "meter-unreachable", "meter-timeout", "meter-refused-connection", "meter-not-connected", "connection-lost",
        "circuit-open",
    ]

    /// The way to the gateway, with the caller's key.
    ///
    /// - Throws: `ValidationError` for an address that is none, ``Code/usage`` when the file of the key cannot be read.
    func connection() throws -> GatewayConnection {
        let address = gateway ?? ProcessEnvironment.variables["COSEM_GATEWAY_URL"] ?? "127.0.0.1:8080"
        var key = ProcessEnvironment.variables["COSEM_GATEWAY_KEY"]
        if let keyFile {
            guard let octets = FileOctets.read(keyFile) else {
                Terminal.tell("\(keyFile): \(String(cString: strerror(errno)))")
                throw Code.usage
            }
            key = String(decoding: octets, as: UTF8.self).filter { !$0.isWhitespace }
        }
        guard let connection = GatewayConnection(address, key: key) else {
            throw ValidationError("--gateway: write HOST:PORT, for example 127.0.0.1:8080")
        }
        return connection
    }

    /// Sends a request and gives the body of a good answer; any other is told and ends the command.
    func ask(
        _ method: String,
        _ path: String,
        type: String? = nil,
        accept: String = "application/json",
        fields: [(name: String, value: String)] = [],
        body: [UInt8] = []
    ) throws -> [UInt8] {
        let connection = try self.connection()
        let answer: GatewayConnection.Answer
        do throws(GatewayConnection.Failure) {
            answer = try connection.send(method, path, type: type, accept: accept, fields: fields, body: body)
        } catch {
            Terminal.tell("\(error)")
            throw Code.failed
        }
        guard (200..<300).contains(answer.status) else { throw Self.told(answer) }
        return answer.body
    }

    /// The same with the answer read as JSON.
    func json(
        _ method: String,
        _ path: String,
        fields: [(name: String, value: String)] = [],
        body: [UInt8]? = nil
    ) throws -> JSONValue {
        let octets = try ask(
            method,
            path,
            type: body == nil ? nil : "application/json",
            fields: fields,
            body: body ?? []
        )
        return (try? JSONReader.parse(octets, limits: JSONLimits(octets: 1 << 28))) ?? .null
    }

    /// Tells why an answer is no good one; the exit code that says so.
    private static func told(_ answer: GatewayConnection.Answer) -> ExitCode {
        let problem = (try? JSONReader.parse(answer.body)) ?? .null
        tell(problem, otherwise: "the gateway answered \(answer.status)")
        if answer.status == 401 || answer.status == 403 { return Code.notAllowed }
        return code(of: problem)
    }

    /// Tells a problem with what to do about it.
    static func tell(_ problem: JSONValue, otherwise text: String = "it failed") {
        Terminal.tell(problem["detail"]?.string ?? problem["title"]?.string ?? text)
        if let hint = problem["hint"]?.string {
            // It names the suggestion, if there is one.
            Terminal.tell(hint)
        } else if let meant = problem["suggestion"]?.string {
            Terminal.tell("Did you mean \(meant)?")
        }
    }

    /// What the problem of a meter ends a command with.
    static func code(of problem: JSONValue) -> ExitCode {
        let name = problem["type"]?.string?.split(separator: "/").last.map(String.init) ?? ""
        return unreachable.contains(name) ? Code.unreachable : Code.failed
    }

    /// A word as one segment of a path, or as a value of a query.
    static func escaped(_ text: String) -> String {
        text.utf8.map { octet in
            let character = Character(UnicodeScalar(octet))
            if octet < 0x80, character.isLetter || character.isNumber || "-._~:*".contains(character) {
                return String(character)
            }
            return "%" + (octet < 16 ? "0" : "") + String(octet, radix: 16, uppercase: true)
        }
        .joined()
    }

    /// Writes octets to standard output, with a line end behind them.
    static func print(_ octets: [UInt8]) {
        Swift.print(String(decoding: octets, as: UTF8.self), terminator: octets.last == 0x0A ? "" : "\n")
        fflush(nil)
    }
}
