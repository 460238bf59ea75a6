// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import GatewayCore
import Logging
import MeterTransport
import Timekeeping

/// What the gateway tells when it is up: warnings first, then what it listens on, who may, and what it has.
struct StartReport {
    let settings: GatewaySettings
    /// What the operator should look at.
    var warnings: [String]

    /// Writes the report, as lines for people or as lines of the log.
    func tell(address: ListenAddress, gateway: Gateway, logger: Logger) async {
        var warnings = warnings
        if !settings.requiresCredentials {
            warnings.append("Callers need no key: whoever reaches \(address) reads and writes the meters.")
        }
        let base = settings.base(address)
        let certificateEnd = settings.access.tls.map { Timestamp(seconds: $0.identity.expiresAt) }
        if let certificateEnd, certificateEnd < SystemWallClock().now() + .seconds(7 * 86_400) {
            warnings.append("The certificate in tls.certificate ends at \(certificateEnd.rfc3339).")
        }
        let inventory = await gateway.inventory()
        let facts: [(name: String, value: String)] = [
            ("version", Version.text),
            ("http", base),
            ("contract", "\(base)/openapi.yaml"),
            ("config", configFile ?? "none"),
            ("tls", certificateEnd.map { "certificate until \($0.rfc3339)" } ?? ""),
            ("auth", settings.requiresCredentials ? "required" : "none"),
            ("store", store),
            ("dialIn", settings.dialIn.map { "\($0.host):\($0.port)" } ?? ""),
            ("push", settings.push.map { "\($0.host):\($0.port)" } ?? ""),
            ("meters", inventory.meters.map { "\($0)" } ?? ""),
            ("schedules", inventory.schedules.map { "\($0)" } ?? ""),
        ]
        guard settings.logFormat.isJSON else {
            for warning in warnings { Terminal.tell(Self.coloured("33", "warning: \(warning)")) }
            Terminal.tell(Self.coloured("1", "cosem-gateway \(Version.text) is ready on \(base)"))
            for fact in facts.dropFirst(2) where !fact.value.isEmpty {
                let gap = String(repeating: " ", count: max(1, 11 - fact.name.count))
                Terminal.tell("  \(fact.name)\(gap)\(fact.value)")
            }
            return
        }
        for warning in warnings { logger.warning("\(warning)") }
        logger.notice(
            "ready",
            metadata: Dictionary(facts.map { ($0.name, .string($0.value)) }) { first, _ in first }
        )
    }

    private var configFile: String? { settings.sources.fileName }

    /// The store without a password.
    private var store: String {
        let setting = GatewayCatalogue.catalogue.setting("database")
        let text = settings.sources.values["database"]?.text ?? setting?.usual ?? ""
        return setting?.shown(text) ?? ""
    }

    private static func coloured(_ code: String, _ text: String) -> String {
        Terminal.isColoured ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }
}
