// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import HTTPKit
import Testing

@testable import GatewayAPI

@Suite("Who may")
struct AccessTests {
    @Test func `What is open to anybody tells nothing of meters`() async throws {
        try await APIBench.run { bench in
            let open = bench.api.routeTable.routes.filter { $0.access == .open }.map(\.name)
            #expect(
                Set(open).isSubset(of: [
                    "getService", "getLiveness", "getReadiness", "getContract", "getContractAsJSON", "listProblems",
                    "getProblemPage",
                    // The program of the console, which asks for a key itself.
                    "getConsole", "getConsolePage", "getConsoleFile",
                ])
            )
        }
    }

    @Test func `Every operation says what its callers need`() async throws {
        try await APIBench.run { bench in
            // Who forgets to say gets a row for administrators, which few are.
            let administrative = bench.api.routeTable.routes.filter { $0.access == .scope(.admin) }.map(\.name)
            #expect(
                Set(administrative).isSubset(of: [
                    "removeNode", "releaseOrders", "getSystemConfig", "getLogLevel", "putLogLevel",
                ])
            )
        }
    }
}
