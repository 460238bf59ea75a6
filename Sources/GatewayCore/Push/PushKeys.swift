// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSEngine
import DLMSSecurity
import Fleet

/// The keys of one meter, by which what it pushes is opened and answered; associations with the same keys count once.
struct PushKeys: Sendable {
    /// The keys of one association.
    struct Entry: Sendable {
        var opener: NotificationOpener
        let clientTitle: SystemTitle
        let unicast: KeyFingerprint
        let broadcast: KeyFingerprint?
        /// Stands for keys that come with messages or are agreed for them.
        let content: KeyFingerprint
    }

    /// The state of the configuration that the keys are of.
    let revision: Revision
    var entries: [Entry] = []

    /// Takes the keys of a meter; what cannot be used is left out.
    init(_ memory: MeterMemory, titles: [SystemTitle]) {
        let record = memory.record
        revision = record.revision
        var seen: Set<[KeyFingerprint?]> = []
        for name in record.configuration.associations.keys.sorted() {
            guard var security = memory.route.associations[name]?.security,
                let title = SystemTitle(security.clientSystemTitle),
                let unicast = try? KeyFingerprint(of: security.blockCipherKey)
            else { continue }
            let configured = record.configuration.associations[name]?.security
            let broadcast = configured?.broadcastKey
            security.broadcastKey = broadcast
            if security.signing == nil, let own = configured?.signingKey, let peer = configured?.serverSigningKey {
                security.signing = .init(privateKey: own, peerPublicKey: peer.key.octets)
            }
            let content = security.masterKey ?? security.agreement?.privateKey ?? security.blockCipherKey
            let fingerprints = [
                unicast, broadcast.flatMap { try? KeyFingerprint(of: $0) }, try? KeyFingerprint(of: content),
                security.authenticationKey.flatMap { try? KeyFingerprint(of: $0) },
            ]
            guard seen.insert(fingerprints).inserted else { continue }
            // A title that was proven stands in for one that is not sent.
            security.serverSystemTitle = security.serverSystemTitle ?? (titles.count == 1 ? titles[0].octets : nil)
            guard let opener = try? NotificationOpener(security) else { continue }
            entries.append(
                Entry(
                    opener: opener,
                    clientTitle: title,
                    unicast: unicast,
                    broadcast: fingerprints[1],
                    content: fingerprints[2] ?? unicast
                )
            )
        }
    }
}

extension PushKeys.Entry {
    /// What the counter of a message counts with.
    func key(of counter: OpenedNotification.Counter) -> KeyFingerprint {
        switch counter.key {
        case .unicast, .dedicated: unicast
        case .broadcast: broadcast ?? unicast
        case .content: content
        }
    }
}
