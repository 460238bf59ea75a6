// SPDX-License-Identifier: Apache-2.0
@main
struct CosemGateway {
    static func main() {}
}
