// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Testing

@testable import MeterTransport

struct MeterLoopExecutorTests {
    @Test func tasksThatPreferItRunOnTheEventLoopOfTheMeters() async {
        let network = MeterNetwork()
        let isOnLoop = await Task(executorPreference: network.executor) { network.executor.isIsolatingCurrentContext() }
            .value
        #expect(isOnLoop == true)
        await network.shutdown()
    }
}
