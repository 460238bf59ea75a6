// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import GatewayAPI
import GatewayCore
import Logging
import ServiceLifecycle
import UnixSignals

/// Tells operator and service manager that the gateway is up, once signals are heeded and not before.
struct StartAnnouncement: Service {
    let report: StartReport
    let address: ListenAddress
    let gateway: Gateway
    let logger: Logger

    func run() async throws {
        await report.tell(address: address, gateway: gateway, logger: logger)
        ServiceManager.tell(.ready(status: "serving"))
        try? await gracefulShutdown()
    }
}

/// Tells the service manager that the process lives, twice as often as it wants to hear it.
struct Watchdog: Service {
    func run() async throws {
        guard let period = ServiceManager.watchdogPeriod else {
            try? await gracefulShutdown()
            return
        }
        // Goes on while the gateway stops; ends with the process's last service.
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                ServiceManager.tell(.alive)
                try? await Task.sleep(for: period / 2)
            }
        }
    }
}

/// Reads the settings again at SIGHUP: what can change does, what cannot is told, and bad ones change nothing.
struct SettingsReload: Service {
    /// SIGHUPs, caught since before anybody could know the process.
    let hangups: UnixSignalsSequence
    let settings: GatewaySettings
    /// What the log tells.
    let logLevels: LogLevels
    /// Resolves the settings as at the start.
    let resolve: @Sendable () async throws -> GatewaySettings
    /// What else follows new settings, such as certificates; each throws when it keeps the old.
    var followers: [@Sendable (GatewaySettings) async throws -> Void] = []
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var present = settings
            for await _ in hangups {
                ServiceManager.tell(.reloading)
                present = await reloaded(present)
                ServiceManager.tell(.ready(status: "serving"))
            }
        }
    }

    private func reloaded(_ present: GatewaySettings) async -> GatewaySettings {
        do {
            let new = try await resolve()
            logLevels.set(new.logLevel)
            for follow in followers { try await follow(new) }
            var facts: Logger.Metadata = ["log.level": "\(new.logLevel)"]
            let waiting = new.differences(from: settings)
            if !waiting.isEmpty { facts["needRestart"] = "\(waiting.joined(separator: ", "))" }
            logger.notice("settings read again", metadata: facts)
            return new
        } catch {
            logger.error("new settings are refused, the old ones stay", metadata: ["reason": "\(error)"])
            return present
        }
    }
}
