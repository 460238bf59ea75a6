// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Glibc
import Logging
import ServiceLifecycle
import Synchronization

/// Ends the process when a stop takes longer than it may, and tells for whom it waited.
///
/// What must last is in the database before anybody is told of it, and the next start takes up the rest as after a crash;
/// lost are readings that callers were answered in the last moments and that the database has not taken yet.
final class ShutdownLimit: Sendable {
    private let grace: Duration
    private let logger: Logger
    private let running = Mutex<[String]>([])
    private let timer = Mutex<Task<Void, Never>?>(nil)

    init(grace: Duration, logger: Logger) {
        self.grace = grace
        self.logger = logger
    }

    /// The service, known by its name for as long as it runs.
    func watching(_ service: any Service) -> any Service {
        WatchedService(service: service, limit: self)
    }

    /// The stop has begun.
    func begin() {
        logger.notice("the stop has begun", metadata: ["grace": "\(grace)"])
        let timer = Task.detached { [self] in
            guard (try? await Task.sleep(for: grace)) != nil else { return }
            let names = running.withLock { $0 }
            logger.warning("the stop is cut off", metadata: ["waited for": "\(names.joined(separator: ", "))"])
            // Not exit(): what is under way must not meet half of a process.
            _exit(0)
        }
        self.timer.withLock { $0 = timer }
    }

    /// Everything has ended by itself.
    func lift() {
        timer.withLock { $0?.cancel() }
        logger.notice("stopped")
    }

    fileprivate func began(_ name: String) {
        running.withLock { $0.append(name) }
    }

    fileprivate func ended(_ name: String) {
        running.withLock { names in
            if let place = names.firstIndex(of: name) { names.remove(at: place) }
        }
    }
}

private struct WatchedService: Service, CustomStringConvertible {
    let service: any Service
    let limit: ShutdownLimit

    /// Its kind alone: the service group writes this into the log at the level `debug`, and what is inside holds settings.
    var description: String { "\(type(of: service))" }

    func run() async throws {
        let name = description
        limit.began(name)
        defer { limit.ended(name) }
        try await service.run()
    }
}
