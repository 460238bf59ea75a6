// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import ArgumentParser
import GatewayAPI

/// Prints the contract that is built in.
struct OpenAPICommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "openapi",
        abstract: "Print openapi.yaml, the contract of this build."
    )

    func run() throws {
        print(String(decoding: Contract.openAPI, as: UTF8.self), terminator: "")
    }
}
