// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import GatewayCore
import Logging
import SQLStore
import ServiceLifecycle
import Timekeeping

/// Removes readings that are too old, some meters at a time, and divides their tables by time where that can be done.
struct ReadingRetention: Service {
    private static let period = Duration.seconds(86_400)

    let database: any SQLDatabase
    let gateway: Gateway
    let retention: Duration
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do throws(StoreError) {
                    for table in [DividedTable.readings, .profileRows] {
                        try await PartitionKeeper(database: database, table: table)
                            .keep(now: gateway.clock.now(), retention: retention)
                    }
                } catch {
                    logger.error("tables of readings could not be divided", metadata: ["reason": "\(error)"])
                }
                do throws(GatewayError) {
                    let removed = try await gateway.removeReadings(olderThan: retention)
                    if removed > 0 { logger.info("old readings were removed", metadata: ["rows": "\(removed)"]) }
                } catch {
                    logger.error("old readings could not be removed", metadata: ["reason": "\(error)"])
                }
                try? await gateway.clock.sleep(until: gateway.clock.now() + Self.period)
            }
        }
    }
}
