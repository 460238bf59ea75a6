// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import GatewayCore
import JSONText
import Logging
import MQTTPublishing
import ServiceLifecycle
import Timekeeping

/// Publishes what happens, and what is read, to an MQTT broker until the gateway stops.
struct MQTTService: Service {
    private static let pause = Duration.seconds(2)

    let publisher: MQTTPublisher
    let gateway: Gateway
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                group.addTask { await connect() }
                await publish()
            }
        }
        publisher.stop()
    }

    /// Waits for the broker to be there for the first time.
    private func connect() async {
        do {
            while try !publisher.start() {
                try await gateway.clock.sleep(until: gateway.clock.now() + Self.pause)
            }
            logger.info("publishes to an MQTT broker")
        } catch is CancellationError {
            return
        } catch {
            logger.error("cannot publish to an MQTT broker", metadata: ["error": "\(error)"])
        }
    }

    private func publish() async {
        var dropped = 0
        for await event in gateway.events.listen() {
            publish(event)
            let present = publisher.counts.dropped
            // Not once for each: when the first one is dropped, and whenever there are twice as many.
            guard present > 2 * dropped else { continue }
            dropped = present
            logger.warning("messages for the MQTT broker were left out", metadata: ["count": "\(present)"])
        }
    }

    /// Events are told as they come; readings one by one besides, each retained so that who comes later has the newest.
    private func publish(_ event: FleetEvent) {
        publisher.publish(Self.octets(of: event), to: "events/\(event.type.text)", isRetained: false)
        guard event.type == .readingStored, let meter = event.meter else { return }
        for reading in event.data["readings"]?.array ?? [] {
            guard let name = reading["name"]?.string else { continue }
            var writer = JSONWriter(reservingCapacity: 128)
            writer.beginObject()
            writer.member("time", reading["time"] ?? .null)
            writer.member("value", reading["value"] ?? .null)
            writer.member("unit", reading["unit"] ?? .null)
            writer.member("quality", reading["quality"] ?? .null)
            writer.endObject()
            publisher.publish(writer.octets, to: "meters/\(meter.text)/readings/\(name)", isRetained: true)
        }
    }

    /// An event as `GET /events` tells it.
    private static func octets(of event: FleetEvent) -> [UInt8] {
        var writer = JSONWriter(reservingCapacity: 512)
        writer.beginObject()
        writer.member("id", event.id.text)
        writer.member("at", event.at.rfc3339)
        writer.member("type", event.type.text)
        writer.member("meter", event.meter?.text)
        writer.member("data", .object(event.data))
        writer.endObject()
        return writer.octets
    }
}
