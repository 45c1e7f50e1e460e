//! `compose/larkfield/compose.yaml`: the containers of the referral service. Its data lies outside
//! of them.

use std::io;

use super::devices::{CONTAINERS, IMAGES};
use crate::out::Out;
use crate::world::World;

pub(crate) fn write(_world: &World, out: &mut Out) -> io::Result<()> {
    out.write("compose/larkfield/compose.yaml", text())
}

fn text() -> String {
    let [proxy, api, worker, web] = CONTAINERS;
    let image = IMAGES[0].0;
    format!(
        "name: larkfield

x-restart: &always
  restart: unless-stopped

services:
  proxy:
    <<: *always
    container_name: {proxy}
    image: docker.io/library/nginx:1.29.3
    ports:
      - \"443:8443\"
    depends_on: [api, web]

  api:
    <<: *always
    container_name: {api}
    image: {image}:2026.11
    environment:
      DATABASE_PASSWORD: invented-and-of-no-use
    depends_on:
      worker:
        condition: service_started

  worker:
    <<: *always
    container_name: {worker}
    image: {image}:2026.11
    command: [\"referrals\", \"work\"]

  web:
    <<: *always
    container_name: {web}
    image: registry.larkfieldpathways.example/triage-web:2026.11
"
    )
}
