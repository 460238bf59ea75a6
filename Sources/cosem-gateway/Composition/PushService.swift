// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import GatewayCore
import Logging
import MeterSessions
import MeterTransport
import ServiceLifecycle

/// Takes what meters send by themselves: in associations always, from others if there is an address for it.
struct PushService: Service {
    let intake: PushIntake?
    let receiver: PushReceiver
    let sessions: MeterSessions
    let network: MeterNetwork
    let logger: Logger

    func run() async throws {
        let associations = Task { await receiver.run(sessions.notifications) }
        defer { associations.cancel() }
        guard let intake else {
            try? await gracefulShutdown()
            return
        }
        let listener = try await listen(intake)
        let taking = Task { await receiver.run() }
        try? await gracefulShutdown()
        // What has come is still kept and confirmed.
        await listener.close()
        intake.close()
        await receiver.stop()
        await taking.value
    }

    private func listen(_ intake: PushIntake) async throws -> PushListener {
        let settings = intake.settings
        do throws(TransportError) {
            let listener = try await PushListener.bind(intake, network: network)
            let address = ListenAddress(host: settings.host, port: UInt16(clamping: listener.port))
            logger.info("meters may push", metadata: ["address": "\(address)"])
            return listener
        } catch {
            throw SettingsError.invalid(
                option: "push-listen",
                value: "\(ListenAddress(host: settings.host, port: UInt16(clamping: settings.port)))",
                hint: "the address cannot be listened on (\(error.reason)); choose another, or end what has it"
            )
        }
    }
}
