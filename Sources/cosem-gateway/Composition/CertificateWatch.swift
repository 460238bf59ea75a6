// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import GatewayCore
import Logging
import MicroHTTPServer
import ServiceLifecycle
import Timekeeping

/// Brings certificates that were renewed into use: at SIGHUP, and when their files were changed.
actor CertificateWatch: Service {
    private let tls: HTTPServerTLS
    private let period: Duration?
    private let logger: Logger
    /// Told when the certificate ends.
    private let metrics: GatewayMetrics
    private var files: TLSFiles
    /// The files that are in use, or were refused.
    private var settled: [[Int]]
    /// What the look before has seen; files are read when two looks see the same, so that none is read while it is written.
    private var seen: [[Int]]

    /// Begins with the files that the settings were made of.
    init(_ settings: ServerTLSSettings, tls: HTTPServerTLS, metrics: GatewayMetrics, logger: Logger) {
        self.tls = tls
        self.logger = logger
        self.metrics = metrics
        metrics.noteCertificate(until: settings.identity.expiresAt)
        period = settings.watchSeconds.map { .seconds($0) }
        files = settings.files
        settled = files.stamps
        seen = settled
    }

    /// Uses what settings say that were read again.
    func follow(_ settings: ServerTLSSettings) {
        files = settings.files
        settled = files.stamps
        use(settings.identity)
    }

    func run() async throws {
        await cancelWhenGracefulShutdown { await self.look() }
    }

    private func look() async {
        guard let period else {
            try? await gracefulShutdown()
            return
        }
        while (try? await Task.sleep(for: period)) != nil {
            let stamps = files.stamps
            defer { seen = stamps }
            guard stamps != settled, stamps == seen else { continue }
            settled = stamps
            do {
                use(try files.read())
            } catch {
                logger.error("the certificate before stays", metadata: ["reason": "\(error)"])
            }
        }
    }

    private func use(_ identity: HTTPServerIdentity) {
        tls.use(identity)
        metrics.noteCertificate(until: identity.expiresAt)
        logger.notice(
            "the certificate was read again",
            metadata: [
                "file": "\(files.certificate)", "until": "\(Timestamp(seconds: identity.expiresAt).rfc3339)",
            ]
        )
    }
}
